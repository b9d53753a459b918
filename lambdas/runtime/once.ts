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

/** Created once; a failed creation is tried again by the next call. */
export const onceLoaded = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
};

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
  const port = onceLoaded(() => load().then(withDrydockErrors));
  return new Proxy(known as Later<T>, {
    get(target, name) {
      // `await` on the port reads `then`, serializers and string conversions read `toJSON` and symbols.
      if (name in target || name === 'then' || name === 'toJSON' || typeof name === 'symbol')
        return Reflect.get(target, name);
      return async (...given: unknown[]): Promise<unknown> => {
        const loaded = await port();
        return Reflect.apply(Reflect.get(loaded, name) as (...given: unknown[]) => unknown, loaded, given);
      };
    },
  });
}
