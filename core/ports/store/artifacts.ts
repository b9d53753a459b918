/** Content-addressed bytes: S3 or a folder. */
export interface Artifacts {
  /** Stores the bytes and returns their SHA-256 as 64 hex digits. Storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws FileUnreadable when the digest is unknown or the bytes no longer match it. */
  get(digest: string): Promise<Uint8Array>;
}
