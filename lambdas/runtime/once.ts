import { withDrydockErrors } from '../../adapters/aws/errors.ts';

export const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** Created once. Errors of AWS become `DrydockError`s, wherever they are caught. */
export const named = <T extends object>(make: () => T): (() => T) => once(() => withDrydockErrors(make()));

type Later<T> = {
  [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Promise<Awaited<Answer>>
    : T[Name];
};
type Methods<T> = { [Name in keyof T as T[Name] extends (...given: never[]) => unknown ? Name : never]: T[Name] };

/**
 * A port whose module is loaded when one of its methods is first called: each client of the SDK takes 5 to 20 ms to load,
 * and most functions call few of them. Errors of AWS become `DrydockError`s.
 * @param known Properties of the port that are not methods.
 */
export function later<T extends object>(load: () => Promise<T>, known: Omit<T, keyof Methods<T>>): Later<T> {
  let port: Promise<T> | undefined;
  const loaded = (): Promise<T> => {
    port ??= load()
      .then(withDrydockErrors)
      .catch((error: unknown) => {
        // The next call loads it again.
        port = undefined;
        throw error;
      });
    return port;
  };
  return new Proxy(known as Later<T>, {
    get(values, name) {
      // `await` on the port reads `then`.
      if (name in values || name === 'then') return Reflect.get(values, name);
      return async (...given: unknown[]): Promise<unknown> => {
        const target = await loaded();
        return Reflect.apply(Reflect.get(target, name) as (...given: unknown[]) => unknown, target, given);
      };
    },
  });
}
