import { z } from 'zod';

/** A credential of another system that has to be revoked. Its value is encrypted before it is stored here. */
export const mintedCredential = z.strictObject({
  id: z.string(),
  /** Run id, or the other purpose it was minted for. */
  owner: z.string(),
  purpose: z.string(),
  sealed: z.string(),
  /** ISO 8601; after it nothing is left to revoke. */
  expiresAt: z.string(),
});
export type MintedCredential = z.infer<typeof mintedCredential>;

/** Stores which credentials were minted, so that they can be revoked after a crash. */
export interface Credentials {
  remember(credential: MintedCredential): Promise<void>;
  of(owner: string): Promise<MintedCredential[]>;
  /** Every owner that has credentials not forgotten yet. */
  owners(): Promise<string[]>;
  forget(owner: string, id: string): Promise<void>;
}
