import { type Check, fail, pass } from '../../../core/doctor/finding.ts';
import { type Aws, listOf, textOf } from './client.ts';

/**
 * Zones of Fargate where it is not in all of a region, as of 2026-11:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
 */
const fargateZones: Record<string, readonly string[]> = {
  'us-west-1': ['usw1-az1', 'usw1-az3'],
  'ap-northeast-1': ['apne1-az1', 'apne1-az2', 'apne1-az4'],
};

/** @param wanted Names of zones, or how many of the region's first ones. */
export async function zonesCheck(aws: Aws, wanted: readonly string[] | number): Promise<Check[]> {
  const { availabilityZoneInfo } = await aws.query('ec2', 'DescribeAvailabilityZones', {
    'Filter.1.Name': 'zone-type',
    'Filter.1.Value.1': 'availability-zone',
  });
  const zones = listOf(availabilityZoneInfo, 'item')
    .map(({ zoneName, zoneId, zoneState }) => ({
      name: textOf(zoneName),
      id: textOf(zoneId),
      open: textOf(zoneState) === 'available',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const here = fargateZones[aws.region];
  const good = zones
    .filter(({ id, open }) => open && (here === undefined || here.includes(id)))
    .map(({ name }) => name);
  const names = typeof wanted === 'number' ? zones.slice(0, wanted).map(({ name }) => name) : wanted;
  const missing = names.filter((name) => !zones.some((zone) => zone.name === name && zone.open));
  const remedy = `Write \`zone_names\` in the settings: ${good.join(', ')}.`;
  if (typeof wanted === 'number' && zones.length < wanted)
    return [fail('zones', `${aws.region} has ${zones.length}, and the settings ask for ${wanted}`, remedy)];
  if (missing.length > 0) return [fail('zones', `not available to this account: ${missing.join(', ')}`, remedy)];
  const without = names.filter((name) => !good.includes(name));
  if (without.length > 0) return [fail('zones', `Fargate is not in ${without.join(', ')}`, remedy)];
  return [pass('zones', names.join(', '))];
}
