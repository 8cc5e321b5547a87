// What build.mjs puts in that TypeScript cannot see.
declare module '*.css' {
  const text: string;
  export default text;
}

/** The words of `texts/*.json`: the keys once, and each language in their order, joined by bars. */
declare module 'pennypress:texts' {
  export const KEYS: (keyof typeof import('./texts/en.json'))[];
  export const TABLES: Record<string, string>;
}
