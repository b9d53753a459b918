/** A credential of another system that has to be revoked. Its value is encrypted before it is stored here. */
export interface MintedCredential {
  id: string;
  /** Run id, or the other purpose it was minted for. */
  owner: string;
  purpose: string;
  sealed: string;
  /** ISO 8601; after it nothing is left to revoke. */
  expiresAt: string;
}

/** Stores which credentials were minted, so that they can be revoked after a crash. */
export interface Credentials {
  remember(credential: MintedCredential): Promise<void>;
  of(owner: string): Promise<MintedCredential[]>;
  /** Every owner that has credentials not forgotten yet. */
  owners(): Promise<string[]>;
  forget(owner: string, id: string): Promise<void>;
}
