// What build.mjs puts in that TypeScript cannot see.
declare module '*.css' {
  const text: string;
  export default text;
}

/** The words of `texts/*.json`: the keys once, and each language as a list in their order. */
declare module 'pennypress:texts' {
  export const KEYS: (keyof typeof import('./texts/en.json'))[];
  export const TABLES: Record<string, string[]>;
}
