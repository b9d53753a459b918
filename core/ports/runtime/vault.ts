/** Encrypts task tokens at rest: they are stored, never shown, logged or linked. */
export interface TokenVault {
  seal(token: string): string | Promise<string>;
  open(sealed: string): string | Promise<string>;
}
