/** SES's part of the stand-in: what was sent lies in `sent`. */
import { AwsRefusal, type JsonOperation } from './call.ts';

export interface Mail {
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

interface SendEmail {
  FromEmailAddress: string;
  Destination: { ToAddresses: string[] };
  Content: {
    Simple: {
      Subject: { Data: string };
      Body: { Text: { Data: string }; Html: { Data: string } };
      Headers?: { Name: string; Value: string }[];
    };
  };
}

/** https://docs.aws.amazon.com/ses/latest/dg/header-fields.html: headers that SES sets itself, and how many others it takes. */
const own = /^(?:bcc|cc|content-.*|date|from|message-id|mime-version|reply-to|return-path|subject|to)$/i;
const maxHeaders = 15;

/** @param from The one verified sender. */
export function mail(from: string) {
  const sent: Mail[] = [];
  const operations: Record<string, JsonOperation> = {
    'ses:SendEmail'(input) {
      const { FromEmailAddress, Destination, Content } = input as unknown as SendEmail;
      if (FromEmailAddress !== from) throw new AwsRefusal('MessageRejected', 'Email address is not verified.');
      const { Subject, Body, Headers = [] } = Content.Simple;
      if ([Subject.Data, ...Headers.map(({ Value }) => Value)].some((text) => /[\r\n]/.test(text)))
        throw new AwsRefusal('BadRequestException', 'A header holds a line break.');
      if (Headers.length > maxHeaders || Headers.some(({ Name }) => own.test(Name)))
        throw new AwsRefusal('BadRequestException', 'These headers are not allowed.');
      sent.push({
        from,
        to: Destination.ToAddresses,
        subject: Subject.Data,
        text: Body.Text.Data,
        html: Body.Html.Data,
        headers: Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value])),
      });
      return { MessageId: `m-${sent.length}` };
    },
  };
  return { operations, sent };
}
