import { todosApi } from "./api.mjs";
import { serve } from "./http.mjs";
import { TodoStore } from "./store.mjs";
import { tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuer: process.env.PORTICO_ISSUER ?? "http://127.0.0.1:3000/dev/idp",
  audience: "https://api.portico.example/todos",
});
serve("todos", Number(process.env.PORT ?? 4010), todosApi({ verify, store: new TodoStore() }));
