/** SES's part of the stand-in: what was sent lies in `sent`, as the MIME text that it got. */
import { partsOf } from '../mime.ts';
import { AwsRefusal, type JsonOperation } from './call.ts';

export interface Mail {
  from: string;
  to: string[];
  subject: string;
  /** The plain part. */
  text: string;
  raw: string;
}

interface SendEmail {
  FromEmailAddress: string;
  Destination: { ToAddresses: string[] };
  Content: { Raw: { Data: string } };
}

/** @param from The one verified sender. */
export function mail(from: string) {
  const sent: Mail[] = [];
  const operations: Record<string, JsonOperation> = {
    'ses:SendEmail'(input) {
      const { FromEmailAddress, Destination, Content } = input as unknown as SendEmail;
      if (FromEmailAddress !== from) throw new AwsRefusal('MessageRejected', 'Email address is not verified.');
      const raw = Buffer.from(Content.Raw.Data, 'base64').toString();
      sent.push({ from, to: Destination.ToAddresses, ...partsOf(raw), raw });
      return { MessageId: `m-${sent.length}` };
    },
  };
  return { operations, sent };
}
