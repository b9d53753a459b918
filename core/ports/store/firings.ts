/** The firings of triggers, each recorded once under its key. */
export interface Firings {
  /**
   * Records a firing once, and returns the note that counts: that of the first call, whatever process makes it.
   * @param key Derived from what fired; no time of delivery is a part of it.
   */
  claim(key: string, note: string): Promise<string>;
  /** The note of a firing; undefined if it was not recorded. */
  find(key: string): Promise<string | undefined>;
}
