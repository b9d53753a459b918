/** Ways to make a sandbox on one machine. */
export const sandboxDrivers = ['auto', 'bubblewrap', 'container'] as const;
