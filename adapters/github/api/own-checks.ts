/** Whether a check or commit status was reported by Drydock itself, by its name. Its own reports trigger nothing. */
export const isOwnCheck = (name: string): boolean => /^Drydock(?:$| specs$|: )/.test(name);
