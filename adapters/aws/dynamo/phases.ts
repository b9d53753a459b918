import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { type PhaseRecord, type Phases, phaseRecord } from '../../../core/ports/store/phases.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { pkOf, runPk, strip } from './table/keys.ts';
import { type Item, Table } from './table/table.ts';

/** Phases are stored in the table of the gates: both hold encrypted task tokens. */
export function createPhases(client: DynamoDBClient, tableName: string): Phases {
  const table = new Table(client, tableName);
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

  const get = async (phaseId: string): Promise<PhaseRecord | undefined> => {
    const item = await table.get(pkOf(phaseId), `phase#${phaseId}`);
    return item && toPhase(item);
  };

  return {
    get,

    async launch({ phaseId, runId, token, request }) {
      const first: PhaseRecord = { phaseId, runId, attempt: 1, token, request, status: 'launched', delivered: false };
      if (await table.put({ pk: runPk(runId), sk: `phase#${phaseId}`, ...first }, absent)) return first;
      // Ended but not delivered: the answer stays valid and only the token changes. Ended and delivered: a new attempt.
      const next = await table.update(runPk(runId), `phase#${phaseId}`, {
        UpdateExpression:
          'SET attempt = attempt + :one, #token = :token, #status = :launched, delivered = :no REMOVE answer',
        ConditionExpression: '#status = :launched OR delivered = :yes',
        ExpressionAttributeNames: { '#token': 'token', '#status': 'status' },
        ExpressionAttributeValues: { ':one': 1, ':token': token, ':launched': 'launched', ':yes': true, ':no': false },
      });
      if (!next) {
        await table.update(runPk(runId), `phase#${phaseId}`, {
          UpdateExpression: 'SET #token = :token',
          ExpressionAttributeNames: { '#token': 'token' },
          ExpressionAttributeValues: { ':token': token },
        });
      }
      const stored = await get(phaseId);
      if (!stored) throw new DrydockError('Internal', `Phase ${phaseId} disappeared while it was being launched.`);
      return stored;
    },

    async byRun(runId) {
      return (await table.query(runPk(runId), 'phase#')).map(toPhase);
    },

    async end(phaseId, attempt, answer) {
      return table.update(pkOf(phaseId), `phase#${phaseId}`, {
        UpdateExpression: 'SET #status = :ended, answer = :answer',
        ConditionExpression: 'attempt = :attempt AND attribute_not_exists(answer)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':ended': 'ended', ':answer': answer, ':attempt': attempt },
      });
    },

    async markDelivered(phaseId) {
      // A late caller may come after the next attempt has begun, whose answer is not delivered yet.
      await table.update(pkOf(phaseId), `phase#${phaseId}`, {
        UpdateExpression: 'SET delivered = :yes',
        ConditionExpression: '#status = :ended',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':yes': true, ':ended': 'ended' },
      });
    },
  };
}

const toPhase = (item: Item): PhaseRecord => parseStored(phaseRecord, strip(item), `Phase ${String(item.phaseId)}`);
