// The page: documents at the left, questions at the right, a text beside or over them.
import {get, message_of} from "/page/api.js";
import {Conversation} from "/page/conversation.js";
import {Documents} from "/page/documents.js";
import {at, say} from "/page/dom.js";
import {count} from "/page/format.js";
import {guardKey} from "/page/key.js";
import {Survey} from "/page/survey.js";
import {makeTabs} from "/page/tabs.js";
import {TextView} from "/page/text_view.js";

const view = new TextView();
const open = (place, link) => view.open(place, link);
const documents = new Documents((name) => open({name, first: 0, bytes: 0, line: 0}, null));

function showWhatIsAsked() {
  const names = documents.chosen;
  at("about").textContent = names.length > 0 ? `About ${names.join(", ")}`
    : "No document is chosen: the model answers by itself.";
}

async function begin() {
  guardKey();
  makeTabs(document.querySelector("[role=tablist]"));
  new Conversation(documents, open);
  new Survey(documents, open);
  documents.addEventListener("change", showWhatIsAsked);
  showWhatIsAsked();
  try {
    const props = await get("/props");
    documents.mostBytes = props.max_body;
    at("model").textContent = `${props.model_alias}, trained for ${count(props.default_generation_settings.n_ctx)} tokens`;
  } catch (error) {
    say(at("notice"), message_of(error));
  }
  documents.look();
}

begin();
