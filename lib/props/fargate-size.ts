/** Task sizes of Fargate: CPU units (1024 per vCPU), then the minimum, the maximum and the step of memory in MiB. */
const sizes: readonly [cpu: number, from: number, to: number, step: number][] = [
  [256, 512, 2_048, 512],
  [512, 1_024, 4_096, 1_024],
  [1_024, 2_048, 8_192, 1_024],
  [2_048, 4_096, 16_384, 1_024],
  [4_096, 8_192, 30_720, 1_024],
  [8_192, 16_384, 61_440, 4_096],
  [16_384, 32_768, 122_880, 8_192],
];

export interface FargateSize {
  /** CPU units, 1024 per vCPU. */
  cpu: number;
  memoryMb: number;
}

/**
 * The smallest task size with at least this CPU and memory; `undefined` if there is none.
 * @param cpu vCPUs. @param memoryMb MiB.
 * Source: AWS::ECS::TaskDefinition, `Cpu` and `Memory`. 256 units with 1.5 GiB do not exist.
 */
export function fargateSize(cpu: number, memoryMb: number): FargateSize | undefined {
  for (const [units, from, to, step] of sizes) {
    if (units < cpu * 1_024 || memoryMb > to) continue;
    const memory = Math.max(from, from + Math.ceil((memoryMb - from) / step) * step);
    return { cpu: units, memoryMb: memory };
  }
  return undefined;
}
