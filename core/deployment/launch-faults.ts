/** How errors of a launch begin that ECS had no capacity or no address for; a metric filter looks for them. */
export const launchFaults = {
  notStarted: 'ECS did not start',
  noAddress: 'The gateway has no address',
  noRoom: 'ECS has no room for',
} as const;
