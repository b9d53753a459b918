/** The result of one check of `doctor`. */
export interface Check {
  name: string;
  ok: boolean;
  /** A failed check that is not required is a warning. */
  required: boolean;
  detail: string;
  /** What a person can do; empty if the check passed. */
  remedy: string;
}

export const pass = (name: string, detail: string): Check => ({ name, ok: true, required: false, detail, remedy: '' });
/** A failed check that does not stop Drydock from working. */
export const warn = (name: string, detail: string, remedy: string): Check => ({
  ...pass(name, detail),
  ok: false,
  remedy,
});
export const fail = (name: string, detail: string, remedy: string): Check => ({
  ...warn(name, detail, remedy),
  required: true,
});
