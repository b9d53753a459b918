import { createHmac, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { defined } from '../../core/defined.ts';
import type { Identity } from './oidc.ts';
import type { Seal } from './sealed-cookie.ts';

/** Maximum time of a login, including second factors. */
const loginMs = 10 * 60_000;
/** Maximum time of a session after its login. */
const sessionMs = 8 * 3_600_000;
/** Maximum time of a session after the last page that the person opened. */
const idleMs = 3_600_000;
/** Minimum interval between two renewals of the idle time. */
const renewMs = 60_000;

/** State of a login in progress. Times are epoch milliseconds. */
const login = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Path of these pages after the login. */
  to: z.string(),
  at: z.number(),
});
type Login = z.infer<typeof login>;

const session = z.strictObject({
  /** Secret of the sealed cookie; the CSRF token of the forms is derived from it. */
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  /** Verified by the issuer. */
  email: z.string().optional(),
  born: z.number(),
  seen: z.number(),
});
export type Session = z.infer<typeof session>;

/**
 * The two cookies of the pages, both with the prefix `__Host-`, so that no other host can set them. The login cookie is
 * `Lax`, because the browser returns from the issuer; it only proves that this browser started a login. The session
 * cookie is `Strict`.
 */
const cookies = {
  login: { name: 'drydock_login', sameSite: 'Lax', maxAge: loginMs / 1_000 },
  session: { name: 'drydock_session', sameSite: 'Strict', maxAge: sessionMs / 1_000 },
} as const;
const common = { path: '/', httpOnly: true, secure: true, prefix: 'host' } as const;

export interface Sessions {
  beginLogin(c: Context, login: Omit<Login, 'at'>): Promise<void>;
  /** The login that this browser started; removes its cookie. */
  takeLogin(c: Context): Promise<Login | undefined>;
  begin(c: Context, who: Identity): Promise<void>;
  /** The valid session, if any. @param renew Whether a person opened the page, which renews the idle time. */
  current(c: Context, renew: boolean): Promise<Session | undefined>;
  end(c: Context): void;
}

/** @param issuer Sessions of another issuer are invalid. */
export function createSessions(seal: Seal, issuer: string, now: () => number): Sessions {
  const read = async <T>(c: Context, kind: 'login' | 'session', schema: z.ZodType<T>): Promise<T | undefined> => {
    const text = getCookie(c, cookies[kind].name, 'host');
    if (text === undefined) return undefined;
    return schema.safeParse(await seal.open(kind, text)).data;
  };
  const write = async (c: Context, kind: 'login' | 'session', value: Login | Session): Promise<void> => {
    const { name, sameSite, maxAge } = cookies[kind];
    setCookie(c, name, await seal.seal(kind, value), { ...common, sameSite, maxAge });
  };
  const forget = (c: Context, kind: 'login' | 'session'): void => {
    const { name, sameSite } = cookies[kind];
    deleteCookie(c, name, { ...common, sameSite });
  };
  return {
    beginLogin: (c, begun) => write(c, 'login', { ...begun, at: now() }),
    async takeLogin(c) {
      const begun = await read(c, 'login', login);
      forget(c, 'login');
      return begun && within(now() - begun.at, loginMs) ? begun : undefined;
    },
    begin(c, { subject, email }) {
      const id = randomBytes(32).toString('base64url');
      const at = now();
      return write(c, 'session', {
        id,
        issuer,
        subject,
        ...defined({ email }),
        born: at,
        seen: at,
      });
    },
    async current(c, renew) {
      const found = await read(c, 'session', session);
      const at = now();
      if (!found || found.issuer !== issuer) return undefined;
      if (!within(at - found.born, sessionMs) || !within(at - found.seen, idleMs)) return undefined;
      if (renew && at - found.seen > renewMs) await write(c, 'session', { ...found, seen: at });
      return found;
    },
    end: (c) => forget(c, 'session'),
  };
}

/** Tolerates small clock differences between functions; a time further ahead is invalid. */
const within = (age: number, limit: number): boolean => age > -renewMs && age < limit;

/** CSRF token of a session. */
export const csrfOf = ({ id }: Session): string => createHmac('sha256', id).update('csrf').digest('base64url');
