import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import type { Gates } from '../../../core/ports/store/gates.ts';
import { type Gate, gate as gateSchema, vote as voteSchema } from '../../../core/run/gate.ts';
import { parseStored, readable } from '../../../core/run/parse-stored.ts';
import { pkOf, runPk, strip } from './table/keys.ts';
import { type Item, Table } from './table/table.ts';

/** A vote up to this length is stored in the item of its gate; a longer one, such as a long review, in its own. */
const maxEmbedded = 2_000;
const votePrefix = 'vote#';

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

    async many(gateIds) {
      const keys = [...new Set(gateIds)].map((gateId) => ({ pk: pkOf(gateId), sk: `gate#${gateId}` }));
      return (await table.batchGet(keys)).flatMap((item) => readable(() => toGate(item)));
    },

    async byRun(runId) {
      return (await table.query(runPk(runId), 'gate#')).map(toGate);
    },

    async votes(gateId) {
      const [item, apart] = await Promise.all([
        table.get(pkOf(gateId), `gate#${gateId}`),
        table.query(pkOf(gateId), `vote#${gateId}#`),
      ]);
      const embedded = Object.entries(item ?? {}).flatMap(([name, value]) => (isVote(name) ? [value] : []));
      return [...embedded, ...apart.map(strip)]
        .map((each) => parseStored(voteSchema, each, `A vote on gate ${gateId}`))
        .sort((a, b) => (a.person < b.person ? -1 : 1));
    },

    async vote(gate, vote, decision) {
      const key = { pk: runPk(gate.runId), sk: `gate#${gate.gateId}` };
      const apart = JSON.stringify(vote).length > maxEmbedded;
      const update = {
        UpdateExpression: `SET version = :next, approvals = :approvals${apart ? '' : ', #vote = :vote'}${decision ? ', #status = :decided, decision = :decision' : ''}`,
        // A gate in this version has no vote of this person: its other votes have changed the version.
        ConditionExpression: 'version = :v AND #status = :pending',
        ExpressionAttributeNames: { '#status': 'status', ...(apart ? {} : { '#vote': `${votePrefix}${vote.person}` }) },
        ExpressionAttributeValues: {
          ':v': gate.version,
          ':next': gate.version + 1,
          ':pending': 'pending',
          ':approvals': vote.choice === 'approve' ? [...gate.approvals, vote.person] : gate.approvals,
          ...(apart ? {} : { ':vote': vote }),
          ...(decision ? { ':decided': 'decided', ':decision': decision } : {}),
        },
      };
      if (gate.approvals.includes(vote.person))
        throw new DrydockError('VoteRefused', `${vote.person} has voted on ${gate.gateId} already.`);
      // One write of one item is as atomic as a transaction, and costs a quarter.
      if (!apart) return table.update(key.pk, key.sk, update);
      const Item = { pk: key.pk, sk: `vote#${gate.gateId}#${vote.person}`, ...vote };
      const refused = await table.transact([
        { Put: { TableName: tableName, Item } },
        { Update: { TableName: tableName, Key: key, ...update } },
      ]);
      return refused === undefined;
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

const isVote = (name: string): boolean => name.startsWith(votePrefix);

const toGate = (item: Item): Gate => {
  const own = Object.entries(strip(item)).filter(([name]) => !isVote(name));
  return parseStored(gateSchema, Object.fromEntries(own), `Gate ${String(item.gateId)}`);
};
