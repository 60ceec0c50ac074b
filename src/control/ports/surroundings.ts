export interface Clock {
  now(): Date;
}

export type NewId = () => string;

/** Calls `then` once, after `ms`; the answer calls it off. */
export type Timer = (ms: number, then: () => void) => () => void;

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
