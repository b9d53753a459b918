/**
 * What ECS says when there is no room for a task now: in `failures` of RunTask, in its errors, and as the reason of a task
 * that stopped before it started. It says so in words only.
 * https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
 */
const words = [
  /capacity is unavailable/i,
  /reached the limit on the number of (?:vcpus|tasks|capacity)/i,
  /concurrent .{0,60}limit.{0,60} reached/i,
  /InsufficientFreeAddressesInSubnet/,
  /not enough (?:free )?(?:ip )?addresses/i,
  /\bRESOURCE:(?:ENI|CPU|MEMORY)\b/,
  /timeout waiting for network interface provisioning/i,
];

/** Whether a message of ECS means that capacity is missing now, so that a later attempt may succeed. */
export const saysNoCapacity = (text: string): boolean => words.some((pattern) => pattern.test(text.slice(0, 2_000)));
