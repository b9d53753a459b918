/** Checks of the environment variables in a spec. */

const secretName =
  /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH|APIKEY|PAT|PWD)(?:_|$)|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|SERVICE)_?KEY/i;
const harmless =
  /^(?:|true|false|yes|no|on|off|none|null|\d{1,9}|dummy|test|testing|example|fake|placeholder|changeme)$/i;

/** Whether an environment variable looks like a credential, by its name or value. Messages never contain the value. */
export function isSecretShaped(name: string, value: string): boolean {
  if (harmless.test(value)) return false;
  return (
    secretName.test(name) ||
    (/^[A-Za-z0-9+/_=-]{32,}$/.test(value) && entropy(value) > 3.6 && /\d/.test(value) && /[A-Za-z]/.test(value))
  );
}

/** Shannon entropy in bits per character: random hex is near 4, random base64 near 5.5, words are under 3.5. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** Variables that the sandbox sets itself, or that would run other programs. All others are the spec's. */
export const isReservedVariable = (name: string): boolean =>
  /^(?:DRYDOCK_.*|PATH|HOME|TMPDIR|LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|BASH_ENV|ENV)$/i.test(name);
