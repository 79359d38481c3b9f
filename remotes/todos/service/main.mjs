import { todosApi } from "./api.mjs";
import { serve } from "./http.mjs";
import { TodoStore } from "./store.mjs";
import { issuersOf, tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuers: issuersOf(process.env),
  audience: "https://api.portico.example/todos",
});
serve("todos", Number(process.env.PORT ?? 4010), todosApi({ verify, store: new TodoStore() }));
