/** SES's part of the stand-in: what was sent lies in `sent`. */
import { AwsRefusal, type JsonOperation } from './call.ts';

export interface Mail {
  from: string;
  to: string[];
  subject: string;
  text: string;
  headers: Record<string, string>;
}

interface SendEmail {
  FromEmailAddress: string;
  Destination: { ToAddresses: string[] };
  Content: {
    Simple: {
      Subject: { Data: string };
      Body: { Text: { Data: string } };
      Headers?: { Name: string; Value: string }[];
    };
  };
}

/** @param from The one verified sender. */
export function mail(from: string) {
  const sent: Mail[] = [];
  const operations: Record<string, JsonOperation> = {
    'ses:SendEmail'(input) {
      const { FromEmailAddress, Destination, Content } = input as unknown as SendEmail;
      if (FromEmailAddress !== from) throw new AwsRefusal('MessageRejected', 'Email address is not verified.');
      const { Subject, Body, Headers = [] } = Content.Simple;
      if (/[\r\n]/.test(Subject.Data)) throw new AwsRefusal('BadRequestException', 'Subject holds a line break.');
      sent.push({
        from,
        to: Destination.ToAddresses,
        subject: Subject.Data,
        text: Body.Text.Data,
        headers: Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value])),
      });
      return { MessageId: `m-${sent.length}` };
    },
  };
  return { operations, sent };
}
