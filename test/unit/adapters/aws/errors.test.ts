import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsError, withDrydockErrors } from '../../../../adapters/aws/errors.ts';
import { DrydockError, errorKinds } from '../../../../core/errors.ts';

const answer = (name: string, status: number, message = 'secret words') =>
  new DynamoDBServiceException({
    name,
    message,
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
  });
const broken = (code: string) => Object.assign(new Error('connect 10.0.0.1'), { code });

describe('errors of AWS by our names', () => {
  it.each([
    ['throttling that comes as 400', answer('ThrottlingException', 400)],
    ['throttling that comes as 429', answer('TooManyRequests', 429)],
    ['a table that is asked too much', answer('ProvisionedThroughputExceededException', 400)],
    ['a fault of the service', answer('InternalServerError', 500)],
    ['a connection that broke', broken('ECONNRESET')],
    ['a name that is not found at the moment', broken('EAI_AGAIN')],
    ['what was caused by one', new Error('the SDK gave up', { cause: broken('ETIMEDOUT') })],
    ['no answer in time', Object.assign(new Error('late'), { name: 'TimeoutError' })],
  ])('%s may pass, and the machine tries it again', (_, error) => {
    const named = awsError(error);
    expect(named).toMatchObject({ name: 'Conflict', retry: 'transient' });
    expect(named?.message).not.toMatch(/secret words|10\.0\.0\.1/);
  });

  it('what AWS refuses stays refused, and the remedy names action and resource', () => {
    const words =
      'User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/runs because no identity-based policy allows it';
    const named = awsError(answer('AccessDeniedException', 400, words));
    expect(named).toMatchObject({ name: 'ServiceRefused', retry: 'never' });
    expect(named?.remedy).toContain('dynamodb:GetItem on arn:aws:dynamodb:us-east-1:123456789012:table/runs');
    expect(named?.message).not.toContain('assumed-role');
    const other = awsError(answer('ValidationException', 400));
    expect(other).toMatchObject({ name: 'ServiceRefused', message: 'AWS answered ValidationException.' });
    expect(other?.remedy).toBe(errorKinds.ServiceRefused.remedy);
  });

  it('leaves alone what is none of AWS', () => {
    for (const error of [new Error('x'), new TypeError('y'), 'text', undefined, null, { name: 'Throttling' }])
      expect(awsError(error)).toBeUndefined();
  });

  it('never says what a service said, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12, unit: 'grapheme' }),
        fc.constantFrom(400, 403, 404, 429, 500),
        (text, status) => {
          const named = awsError(answer('Whatever', status, text));
          expect(named?.message).not.toContain(text);
          expect(named?.remedy).not.toContain(text);
          expect(named?.cause).toBeUndefined();
        },
      ),
    );
  });

  it('has its names on everything that comes through a port, and nothing else is changed', async () => {
    class Port {
      readonly #own = 7;
      readonly live = true;
      now = (): number => this.#own;
      async get(key: string): Promise<string> {
        if (key === 'aws') throw answer('ThrottlingException', 400);
        if (key === 'ours') throw new DrydockError('RunNotFound', 'r');
        if (key === 'defect') throw new TypeError('x');
        return `${key}${this.#own}`;
      }
    }
    const port = withDrydockErrors(new Port());
    expect([port.live, port.now(), await port.get('k')]).toEqual([true, 7, 'k7']);
    await expect(port.get('aws')).rejects.toMatchObject({ name: 'Conflict' });
    await expect(port.get('ours')).rejects.toMatchObject({ name: 'RunNotFound' });
    await expect(port.get('defect')).rejects.toBeInstanceOf(TypeError);
  });
});
