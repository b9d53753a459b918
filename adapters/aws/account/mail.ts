import { type Check, pass, warn } from '../../../core/doctor/finding.ts';
import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';

/** @param from Sender of the policy. */
export async function mailCheck(aws: Aws, from: string): Promise<Check[]> {
  const verified = async (identity: string): Promise<boolean> => {
    try {
      const { VerifiedForSendingStatus } = await aws.get(
        'ses',
        'GetEmailIdentity',
        `/v2/email/identities/${encodeURIComponent(identity)}`,
      );
      return VerifiedForSendingStatus === true;
    } catch (error) {
      if (error instanceof ServiceFault && error.code === 'NotFoundException') return false;
      throw error;
    }
  };
  const domain = from.slice(from.lastIndexOf('@') + 1);
  if (!(await verified(from)) && !(await verified(domain))) {
    const command = `aws sesv2 create-email-identity --region ${aws.region} --email-identity ${from}`;
    return [
      warn(
        'mail',
        `SES has verified neither ${from} nor ${domain}: nobody gets mail`,
        `${command}, and follow the link in the mail.`,
      ),
    ];
  }
  const { ProductionAccessEnabled, SendingEnabled } = await aws.get('ses', 'GetAccount', '/v2/email/account');
  const page = `https://${aws.region}.console.aws.amazon.com/ses/home`;
  if (SendingEnabled === false)
    return [warn('mail', 'SES has paused sending', `See the reputation metrics at ${page}.`)];
  if (ProductionAccessEnabled !== true)
    return [
      warn(
        'mail',
        'SES is in its sandbox: only verified addresses get mail',
        `Request production access at ${page}, or verify each recipient.`,
      ),
    ];
  return [pass('mail', from)];
}
