/** How a phase reaches its model provider: a key, or a recorded session. */
export interface ModelAccess {
  mode: 'live' | 'replay';
  /** Folder of a recorded session: `<phase>-<round>.json`. */
  session?: string;
  key?: string;
}
