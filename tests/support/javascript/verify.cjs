// The official verifier in JavaScript: one line of JSON in for each case, one line of JSON out.
const { Webhook } = require("standardwebhooks");

const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const line of lines) {
  const { secret, headers, body } = JSON.parse(line);
  let said;
  try {
    said = { accepted: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    said = { refused: error.message };
  }
  console.log(JSON.stringify(said));
}
