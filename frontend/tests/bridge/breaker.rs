use portico_app::bridge::Reason;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, until};

const SICK: &str = "export function mount(el) {
    here.attempts = (here.attempts ?? 0) + 1;
    if (!here.healed) throw new Error('sick');
    el.textContent = 'healed';
    return () => {};
}";

async fn fail(world: &World, remote: &Remote, times: u32) {
    for _ in 0..times {
        world.mount(&remote.application()).failure().await;
        // Attempts of the same millisecond would count as side by side.
        crate::world::sleep(5).await;
    }
}

#[wasm_bindgen_test]
async fn a_remote_that_failed_three_times_in_a_row_is_skipped() {
    let world = World::new();
    let remote = Remote::of(SICK);
    fail(&world, &remote, 3).await;
    let failure = world.mount(&remote.application()).failure().await;
    assert_eq!((failure.reason, failure.retryable), (Reason::Skipped, true));
    assert_eq!(remote.left("attempts").as_f64(), Some(3.0));
}

#[wasm_bindgen_test]
async fn a_skipped_remote_is_tried_when_a_person_retries() {
    let world = World::new();
    let remote = Remote::of(SICK);
    fail(&world, &remote, 3).await;
    let outlet = world.mount(&remote.application());
    assert_eq!(outlet.failure().await.reason, Reason::Skipped);
    remote.run("here.healed = true").await.expect("set");
    outlet.mounted.retry();
    outlet.ready().await;
    assert_eq!(world.mounted(&remote.application()).await.text(), "healed");
}

#[wasm_bindgen_test]
async fn a_skipped_remote_is_probed_again_by_itself() {
    let world = World::new();
    let remote = Remote::of(SICK);
    fail(&world, &remote, 3).await;
    let outlet = world.mount(&remote.application());
    assert_eq!(outlet.failure().await.reason, Reason::Skipped);
    remote.run("here.healed = true").await.expect("set");
    outlet.ready().await;
    assert_eq!(remote.left("attempts").as_f64(), Some(4.0));
}

#[wasm_bindgen_test]
async fn cards_that_fail_together_count_as_one_failure() {
    let world = World::new();
    let remote = Remote::of(SICK);
    let cards = [(); 4].map(|()| world.mount(&remote.application()));
    for card in &cards {
        assert_eq!(card.failure().await.reason, Reason::Threw);
    }
    until("the clock has moved", || true).await;
    assert_eq!(world.mount(&remote.application()).failure().await.reason, Reason::Threw);
}
