import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';

/** The text of an SSM parameter; undefined if there is none. @throws ServiceFault. */
export async function parameterOf(aws: Aws, name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await aws.json('ssm', 'GetParameter', { Name: name });
    const { Value } = (Parameter ?? {}) as { Value?: unknown };
    return typeof Value === 'string' ? Value : undefined;
  } catch (error) {
    if (error instanceof ServiceFault && error.code === 'ParameterNotFound') return undefined;
    throw error;
  }
}
