/** What comes from the network or the storage is not trusted to be of the kind that it should be. */
type Fields = Record<string, unknown>;

export const isRecord = (value: unknown): value is Fields => value instanceof Object;

/** `value`, if it has fields to ask for, else something without any. */
export function record(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** Those of a list that have fields to ask for; nothing, if it is no list. */
export function records(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
