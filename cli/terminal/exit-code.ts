/** What a command returns: its exit code (DESIGN, Command line). */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;
