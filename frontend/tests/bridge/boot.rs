use js_sys::Function;
use portico_frontend::{EventSourceStreams, OpenStream, Signal, hydrate};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{eval, until};

#[wasm_bindgen_test]
async fn a_page_without_its_state_is_left_alone_and_says_why() {
    let error = hydrate("nonce".into(), Function::new_no_args("")).expect_err("there is no state");
    assert_eq!(js_sys::Error::from(error).message(), "the page carries no #portico-state");
    eval(
        "const s = document.createElement('script'); s.type = 'application/json'; s.id = 'portico-state';
          s.textContent = '{\"session\":7}'; document.head.append(s);",
    )
    .await
    .expect("added");
    let error = hydrate("nonce".into(), Function::new_no_args("")).expect_err("the state is broken");
    assert!(
        String::from(js_sys::Error::from(error).message()).starts_with("#portico-state cannot be read: ")
    );
    eval("document.getElementById('portico-state').remove()").await.expect("removed");
}

#[wasm_bindgen_test]
async fn a_real_event_source_tells_when_it_is_refused() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let tell = Rc::clone(&told);
    let stream =
        EventSourceStreams.open("/no/such/stream", Rc::new(move |signal| tell.borrow_mut().push(signal)));
    let stream = stream.expect("a URL");
    stream.listen("chat.reply");
    until("it is refused", || matches!(told.borrow().last(), Some(Signal::Refused))).await;
}
