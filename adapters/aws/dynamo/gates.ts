import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import type { Gate, Vote } from '../../../core/run/gate.ts';
import type { Gates, PhaseRecord } from '../../../core/stores.ts';
import { type Item, Table } from './table.ts';

const runPk = (runId: string): string => `run#${runId}`;
/** Gate and phase ids begin with their run: `r-….review.1`, `r-…/build/1`. */
const pkOf = (id: string): string => runPk(id.split(/[./]/, 1)[0] ?? id);

export function createGates(client: DynamoDBClient, tableName: string): Gates {
  const table = new Table(client, tableName);
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

  const get = async (gateId: string): Promise<Gate | undefined> => {
    const item = await table.get(pkOf(gateId), `gate#${gateId}`);
    return item && (strip(item) as unknown as Gate);
  };
  const getPhase = async (phaseId: string): Promise<PhaseRecord | undefined> => {
    const item = await table.get(pkOf(phaseId), `phase#${phaseId}`);
    return item && (strip(item) as unknown as PhaseRecord);
  };

  return {
    get,
    getPhase,

    async open(gate) {
      const item = { pk: runPk(gate.runId), sk: `gate#${gate.gateId}`, ...gate };
      if (await table.put(item, absent)) return gate;
      await table.update(item.pk, item.sk, {
        // A decision that went to the earlier token, which nobody waited for any more, goes to this one too.
        UpdateExpression: 'SET #token = :token, delivered = :no',
        ExpressionAttributeNames: { '#token': 'token' },
        ExpressionAttributeValues: { ':token': gate.token, ':no': false },
      });
      const stored = await get(gate.gateId);
      if (!stored) throw new DrydockError('GateNotFound', `Gate ${gate.gateId} vanished while it was opened.`);
      return stored;
    },

    async byRun(runId) {
      return (await table.query(runPk(runId), 'gate#')).map((item) => strip(item) as unknown as Gate);
    },

    async votes(gateId) {
      const items = await table.query(pkOf(gateId), `vote#${gateId}#`);
      return items.map((item) => strip(item) as unknown as Vote);
    },

    async vote(gate, vote, decision) {
      const key = { pk: runPk(gate.runId), sk: `gate#${gate.gateId}` };
      const refused = await table.transact([
        {
          Put: {
            TableName: tableName,
            Item: { pk: key.pk, sk: `vote#${gate.gateId}#${vote.person}`, ...vote },
            ...absent,
          },
        },
        {
          Update: {
            TableName: tableName,
            Key: key,
            UpdateExpression: `SET version = :next, approvals = :approvals${decision ? ', #status = :decided, decision = :decision' : ''}`,
            ConditionExpression: 'version = :v AND #status = :pending',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: {
              ':v': gate.version,
              ':next': gate.version + 1,
              ':pending': 'pending',
              ':approvals': vote.choice === 'approve' ? [...gate.approvals, vote.person] : gate.approvals,
              ...(decision ? { ':decided': 'decided', ':decision': decision } : {}),
            },
          },
        },
      ]);
      if (!refused) return true;
      if (refused[0] === 'ConditionalCheckFailed')
        throw new DrydockError('VoteRefused', `${vote.person} has voted on ${gate.gateId} already.`);
      return false;
    },

    async decide(gateId, decision) {
      return table.update(pkOf(gateId), `gate#${gateId}`, {
        UpdateExpression: 'SET #status = :decided, decision = :decision, version = version + :one',
        ConditionExpression: '#status = :pending',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':decided': 'decided', ':pending': 'pending', ':decision': decision, ':one': 1 },
      });
    },

    async recordLate(gateId, vote) {
      await table.put({ pk: pkOf(gateId), sk: `late#${gateId}#${vote.person}#${vote.at}`, ...vote });
    },

    async markDelivered(gateId) {
      await table.update(pkOf(gateId), `gate#${gateId}`, {
        UpdateExpression: 'SET delivered = :yes',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':yes': true },
      });
    },

    async launchPhase({ phaseId, runId, token, request }) {
      const first: PhaseRecord = { phaseId, runId, tries: 1, token, request, status: 'launched', delivered: false };
      if (await table.put({ pk: runPk(runId), sk: `phase#${phaseId}`, ...first }, absent)) return first;
      // Ended and not delivered: the answer stands and only the token is newer. Ended and delivered: the next try.
      const next = await table.update(runPk(runId), `phase#${phaseId}`, {
        UpdateExpression:
          'SET tries = tries + :one, #token = :token, #status = :launched, delivered = :no REMOVE answer',
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
      const stored = await getPhase(phaseId);
      if (!stored) throw new DrydockError('Internal', `Phase ${phaseId} vanished while it was launched.`);
      return stored;
    },

    async phasesByRun(runId) {
      return (await table.query(runPk(runId), 'phase#')).map((item) => strip(item) as unknown as PhaseRecord);
    },

    async endPhase(phaseId, tries, answer) {
      return table.update(pkOf(phaseId), `phase#${phaseId}`, {
        UpdateExpression: 'SET #status = :ended, answer = :answer',
        ConditionExpression: 'tries = :tries AND attribute_not_exists(answer)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':ended': 'ended', ':answer': answer, ':tries': tries },
      });
    },

    async markPhaseDelivered(phaseId) {
      // Somebody slow may come after the next try began: that one is not delivered.
      await table.update(pkOf(phaseId), `phase#${phaseId}`, {
        UpdateExpression: 'SET delivered = :yes',
        ConditionExpression: '#status = :ended',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':yes': true, ':ended': 'ended' },
      });
    },
  };
}

function strip(item: Item): Item {
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest;
}
