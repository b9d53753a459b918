/** Exit code of a command: 0 success, 1 run failed, 2 invalid or refused, 3 budget, 4 environment, 5 waiting. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;
