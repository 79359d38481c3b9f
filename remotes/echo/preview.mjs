/** What `npm run preview` answers events with: the same data, without Kafka in between. */
export async function answer(event, reply) {
  await reply("echo.reply", event.data);
}
