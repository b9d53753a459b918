/** One thing that `doctor` looked at. */
export interface Check {
  name: string;
  ok: boolean;
  /** A failed check that is not required is a warning. */
  required: boolean;
  detail: string;
  /** What a person does about it; empty where all is well. */
  remedy: string;
}

export const pass = (name: string, detail: string): Check => ({ name, ok: true, required: false, detail, remedy: '' });
/** Works, or works for others, but not as it should. */
export const warn = (name: string, detail: string, remedy: string): Check => ({
  ...pass(name, detail),
  ok: false,
  remedy,
});
export const fail = (name: string, detail: string, remedy: string): Check => ({
  ...warn(name, detail, remedy),
  required: true,
});
