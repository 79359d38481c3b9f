// What `npm run preview` answers events with: the service's own answers, without Kafka in between.
export { answerMessage as answer } from "./service/answer.mjs";
