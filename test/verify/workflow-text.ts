export const definitionPath = ".github/phasegate/workflows/overdue-reminder.yml";

export const goodDefinition = `name: overdue-reminder # equals the file's name
title: Remind of overdue tools
trigger:
  type: schedule
  config: { cron: "10 7 * * 1-5", timezone: Asia/Seoul }
secrets: [SLACK_BOT_TOKEN]
variables: [SLACK_CHANNEL]
steps:
  - id: find-overdue
    type: script
    config: { run: scripts/overdue-reminder/find-overdue.mjs, secrets: [], variables: [] }
    nextSteps: [any-overdue]
  - id: any-overdue
    type: condition
    config: { if: { step: find-overdue, output: count, is: greater_than, value: 0 } }
    nextSteps: [tell-slack]
  - id: tell-slack
    type: api_call
    config:
      method: POST
      url: "https://slack.com/api/chat.postMessage"
      secret: SLACK_BOT_TOKEN
      body: { channel: "{{variables.SLACK_CHANNEL}}", text: "{{steps.find-overdue.message}}" }
    nextSteps: []
`;

/** Every type of step, and two ways that come together. */
export const branchingDefinition = `name: triage
title: Sort new issues
trigger:
  type: event
  config: { on: issues, types: [opened] }
secrets: [TRACKER_TOKEN]
variables: [TRACKER_PROJECT]
steps:
  - id: read-issue
    type: script
    config: { run: scripts/triage/read_issue.py, secrets: [TRACKER_TOKEN], variables: [TRACKER_PROJECT] }
    nextSteps: [judge, is-short]
  - id: judge
    type: claude_code
    config: { prompt: "Answer yes or no. Material: {{steps.read-issue.text}}", tools: [Read, Grep], max_turns: 5 }
    nextSteps: [is-urgent]
  - id: is-urgent
    type: condition
    config: { if: { step: judge, output: result, is: equals, value: "yes" } }
    nextSteps: [record]
  - id: is-short
    type: condition
    config: { if: { step: read-issue, output: length, is: less_than, value: 100 } }
    nextSteps: [record]
  - id: record
    type: api_call
    config:
      method: PUT
      url: "https://tracker.test/{{variables.TRACKER_PROJECT}}/{{steps.read-issue.number}}"
      body: { count: 1 }
    nextSteps: []
`;
