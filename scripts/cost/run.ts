import type { Item, Prices } from './prices.ts';
import { priceOf } from './prices.ts';
import { resourcesOf, type Template } from './template.ts';

/**
 * A run of medium size without rework: three phases of ten minutes, with a minute before each to pull images. A test shows
 * that a run on the stand-ins needs no more transitions, invocations and writes (test/aws/scenario/scenario.test.ts).
 */
export const typical = {
  phases: 3,
  minutes: 11,
  transitions: 22,
  /** Includes the invocations that GitHub's webhooks about the run cause; each phase invokes the broker once more. */
  invocations: 30,
  seconds: 3,
  /** On average: the functions that end phases have 1 GB, the others half of it. */
  memoryGb: 0.6,
  /** Without one for each phase, with which the broker binds its grant. */
  writes: 60,
  reads: 300,
  /** Model calls: at most two writes each. */
  modelCalls: 60,
  objects: 40,
  kmsRequests: 150,
  logMegabytes: 5,
};

interface Task {
  name: string;
  cpu: number;
  gigabytes: number;
  diskAbove: number;
}

function taskOf(properties: Record<string, unknown>): Task {
  const [container] = properties.ContainerDefinitions as { Name: string }[];
  const disk = (properties.EphemeralStorage as { SizeInGiB: number } | undefined)?.SizeInGiB ?? 20;
  return {
    name: container?.Name ?? '',
    cpu: Number(properties.Cpu) / 1_024,
    gigabytes: Number(properties.Memory) / 1_024,
    diskAbove: disk - 20,
  };
}

/** Cost of one run in US dollars without model calls, highest first. Task sizes come from the template. */
export function runItems(templates: Template[], prices: Prices): Item[] {
  const price = priceOf(prices);
  const { phases, minutes, transitions, seconds, memoryGb, reads, modelCalls } = typical;
  const [invocations, writes] = [typical.invocations + phases, typical.writes + phases];
  const taskHours = (phases * minutes) / 60;
  const tasks = resourcesOf(templates, 'AWS::ECS::TaskDefinition')
    .map(taskOf)
    // The sandboxes of all images have the same size.
    .filter(({ name }, at, all) => all.findIndex((task) => task.name === name) === at)
    .map(({ name, cpu, gigabytes, diskAbove }) => ({
      name: `Fargate: ${name}`,
      usd:
        taskHours *
        (cpu * price('fargateCpuHour') +
          gigabytes * price('fargateGigabyteHour') +
          diskAbove * price('fargateDiskGigabyteHour')),
      reason: `${phases} phases of ${minutes} minutes on ${cpu} vCPU and ${gigabytes} GB`,
    }));
  const items: Item[] = [
    ...tasks,
    {
      name: 'Public address of the gateway',
      usd: taskHours * price('publicAddressHour'),
      reason: `${phases} × ${minutes} minutes`,
    },
    { name: 'Step Functions', usd: transitions * price('transition'), reason: `${transitions} transitions` },
    {
      name: 'Lambda',
      usd: invocations * (price('lambdaRequest') + seconds * memoryGb * price('lambdaGigabyteSecond')),
      reason: `${invocations} invocations of ${seconds} s`,
    },
    {
      name: 'DynamoDB',
      usd: (writes + 2 * modelCalls) * price('dynamoWrite') + reads * price('dynamoRead'),
      reason: `${writes} write units, two more for each of ${modelCalls} model calls, ${reads} read units`,
    },
    {
      name: 'S3',
      usd: typical.objects * (price('bucketWrite') + 2 * price('bucketRead')),
      reason: `${typical.objects} objects, each written once and read twice`,
    },
    { name: 'Traces', usd: invocations * price('trace'), reason: `one per invocation` },
    { name: 'KMS', usd: typical.kmsRequests * price('kmsRequest'), reason: `${typical.kmsRequests} requests` },
    { name: 'Logs', usd: (typical.logMegabytes / 1_024) * price('logGigabyte'), reason: `${typical.logMegabytes} MB` },
    { name: 'Webhooks', usd: 10 * (price('httpRequest') + 3 * price('queueRequest')), reason: '10 messages' },
  ];
  return items.sort((a, b) => b.usd - a.usd);
}
