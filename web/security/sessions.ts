import { createHmac, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Identity } from './oidc.ts';
import type { Seal } from './sealed-cookie.ts';

/** How long a login may take: passwords, second factors, a look at the phone. */
const loginMs = 10 * 60_000;
/** A session ends so long after its login, whatever was done. */
const sessionMs = 8 * 3_600_000;
/** And so long after the last page that a person asked for. */
const idleMs = 3_600_000;
/** A page asked for later than this after the last one renews the idle time. */
const renewMs = 60_000;

/** What a login under way has to remember. Times are epoch milliseconds. */
const login = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Where on our pages it goes on. */
  to: z.string(),
  at: z.number(),
});
type Login = z.infer<typeof login>;

const session = z.strictObject({
  /** Known to nobody but the browser that holds the sealed cookie; its forms' token is derived from it. */
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
 * The two cookies of the pages, both `__Host-`, so that no other host can set them. The one of a login comes back from
 * the issuer, so it is `Lax`, and it proves nothing but that a login was begun here. The one that acts is `Strict`.
 */
const cookies = {
  login: { name: 'drydock_login', sameSite: 'Lax', maxAge: loginMs / 1_000 },
  session: { name: 'drydock_session', sameSite: 'Strict', maxAge: sessionMs / 1_000 },
} as const;
const common = { path: '/', httpOnly: true, secure: true, prefix: 'host' } as const;

export interface Sessions {
  beginLogin(c: Context, login: Omit<Login, 'at'>): Promise<void>;
  /** The login that this browser began, once: it is forgotten with that. */
  takeLogin(c: Context): Promise<Login | undefined>;
  begin(c: Context, who: Identity): Promise<void>;
  /** Who is signed in; undefined without a session, or with one that is over. @param renew Whether a person asked. */
  current(c: Context, renew: boolean): Promise<Session | undefined>;
  end(c: Context): void;
}

/** @param issuer Sessions of another are none. */
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
        ...(email === undefined ? {} : { email }),
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

/** Clocks of functions differ a little; what is further ahead than that was not made by one of them. */
const within = (age: number, limit: number): boolean => age > -renewMs && age < limit;

/** Token of the forms of a session. */
export const csrfOf = ({ id }: Session): string => createHmac('sha256', id).update('csrf').digest('base64url');
