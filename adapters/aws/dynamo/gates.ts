import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import type { Gates } from '../../../core/ports/store/gates.ts';
import { type Gate, gate as gateSchema, vote as voteSchema } from '../../../core/run/gate.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { pkOf, runPk, strip } from './table/keys.ts';
import { type Item, Table } from './table/table.ts';

export function createGates(client: DynamoDBClient, tableName: string): Gates {
  const table = new Table(client, tableName);
  const absent = { ConditionExpression: 'attribute_not_exists(pk)' };

  const get = async (gateId: string): Promise<Gate | undefined> => {
    const item = await table.get(pkOf(gateId), `gate#${gateId}`);
    return item && toGate(item);
  };

  return {
    get,

    async open(gate) {
      const item = { pk: runPk(gate.runId), sk: `gate#${gate.gateId}`, ...gate };
      if (await table.put(item, absent)) return gate;
      await table.update(item.pk, item.sk, {
        // The previous token is no longer valid. A decision that was delivered to it has to be delivered to this one.
        UpdateExpression: 'SET #token = :token, delivered = :no',
        ExpressionAttributeNames: { '#token': 'token' },
        ExpressionAttributeValues: { ':token': gate.token, ':no': false },
      });
      const stored = await get(gate.gateId);
      if (!stored) throw new DrydockError('GateNotFound', `Gate ${gate.gateId} disappeared while it was being opened.`);
      return stored;
    },

    async byRun(runId) {
      return (await table.query(runPk(runId), 'gate#')).map(toGate);
    },

    async votes(gateId) {
      const items = await table.query(pkOf(gateId), `vote#${gateId}#`);
      return items.map((item) => parseStored(voteSchema, strip(item), `A vote on gate ${gateId}`));
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
  };
}

const toGate = (item: Item): Gate => parseStored(gateSchema, strip(item), `Gate ${String(item.gateId)}`);
