/**
 * Who holds which limit of a task, for the evidence. Fargate has no limit of processes; the size of a task is that of the policy,
 * also where a spec asks for less; and its disk has at least 20 GiB.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
 */
export const fargateEnforcer = 'fargate: memory and cpu as the policy says, disk 20 GiB at least, pids none';
