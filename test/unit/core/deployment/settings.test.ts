import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseSettings } from '../../../../core/deployment/settings.ts';

const minimal = { version: 1, policy: 'drydock.policy.yaml' };
const parse = (change: object) =>
  parseSettings(Buffer.from(stringify({ ...minimal, ...change }, { aliasDuplicateObjects: false })));
const rows = (change: object) => parse(change).problems.map(({ line, rule, message }) => `${line} ${rule}: ${message}`);
const network = {
  id: 'vpc-0a1b2c3d4e5f60718',
  range: '10.9.0.0/16',
  zones: ['eu-central-1a', 'eu-central-1b'],
  subnets: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  route_tables: ['rtb-0a1b2c3d', 'rtb-1a1b2c3d'],
};

describe('drydock.aws.yaml', () => {
  test('a policy is enough', () => {
    expect(parse({})).toEqual({ settings: { ...minimal, name: 'Drydock' }, problems: [] });
  });

  test('everything that it can say', () => {
    const whole = {
      name: 'DrydockDev',
      region: 'us-gov-west-1',
      account: '123456789012',
      sandbox_network: network,
      egress: { network: { ...network, range: '10.10.0.0/16' }, public: true, proxy_url: 'http://proxy.acme:3128' },
      alarms: { email: 'ops@acme.example' },
      roles: { approve: ['arn:aws:iam::123456789012:role/leads'], setup: ['arn:aws:iam::123456789012:role/admins'] },
      boundary: 'arn:aws:iam::123456789012:policy/boundary',
      encryption_key: 'arn:aws:kms:eu-central-1:123456789012:key/1234',
      images: { gateway: `sha256:${'a'.repeat(64)}` },
      pages: { issuer: 'https://login.example.com', client: 'drydock', url: 'https://drydock.acme.example' },
    };
    expect(rows(whole)).toEqual([]);
  });

  test.for<[string, object, RegExp]>([
    ['a name that the deploy policy does not cover', { name: 'agents' }, /begins with Drydock/],
    ['zones and their names', { zones: 2, zone_names: ['eu-central-1a'] }, /not both/],
    ['zones of a network that has its own', { zones: 2, sandbox_network: network }, /its own zones/],
    [
      'a subnet without its route table',
      { sandbox_network: { ...network, route_tables: ['rtb-0a1b2c3d'] } },
      /a row for each/,
    ],
    ['a public range', { ranges: { sandbox: '8.8.0.0/16' } }, /private range/],
    ['a range too small for its zones', { ranges: { egress: '10.1.0.0/24' } }, /\/16 to \/20/],
    ['a range that does not begin there', { ranges: { egress: '10.1.1.0/20' } }, /not the first one/],
    ['an address that is none', { ranges: { sandbox: '10.300.0.0/16' } }, /255 at most/],
    ['an address of a network that is none', { sandbox_network: { ...network, range: '10.9.0.999/24' } }, /255/],
    ['a length of a range that is none', { egress: { network: { ...network, range: '10.20.0.0/64' } } }, /length/],
    ['ranges that overlap', { ranges: { sandbox: '10.201.0.0/16' } }, /overlap/],
    ['a range over an existing network', { ranges: { egress: '10.9.16.0/20' }, sandbox_network: network }, /overlap/],
    ['alarms that go nowhere', { alarms: {} }, /email or topic/],
    ['a role that is none', { roles: { approve: ['leads'] } }, /ARN of a role/],
    ['a tag for an image', { images: { gateway: 'latest' } }, /digest/],
    ['pages over http', { pages: { issuer: 'http://login.example.com', client: 'x' } }, /https/],
    [
      'a build of an image that there is not',
      { image_builds: { images: ['nodejs'], days: 7 } },
      /images\[0\]: must be one of/,
    ],
    ['no number of days', { image_builds: { days: 0 } }, /days: must be at least 1/],
    ['neither false nor a map', { image_builds: true }, /must be false/],
    ['a misspelt key', { alarm: {} }, /alarms/],
    ['another version', { version: 2 }, /1/],
  ])('refuses %s', ([, change, message]) => {
    expect(rows(change)).toEqual([expect.stringMatching(message)]);
    expect(parse(change).settings).toBeUndefined();
  });

  test('all faults at once, each at its line', () => {
    expect(rows({ name: 'x', zones: 9, boundary: 'b' }).map((row) => row.split(' ')[0])).toEqual(['3', '4', '5']);
  });

  test('any bytes give settings or problems, and no error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const { settings, problems } = parseSettings(bytes);
          expect(settings === undefined).toBe(problems.length > 0);
        },
      ),
    );
  });
});
