/**
 * Index of run records by creation time; read backwards, it gives the newest runs first. It projects keys only: with
 * all attributes, each change of a run would be written, and charged, twice.
 */
export const byTimeIndex = 'byTime';
