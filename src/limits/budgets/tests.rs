use super::*;

fn usd(text: &str) -> Usd {
    Usd(text.parse().unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// How a wish of one dollar, or of a dime, is answered.
async fn asked(budgets: &Budgets, now: Timestamp) -> (Standing, Option<Reservation>) {
    match budgets.set_aside("a", usd("1"), usd("0.1"), now).await {
        Verdict::Free(reservation) => (Standing::Free, Some(reservation)),
        Verdict::Tight(reservation) => (Standing::Tight, Some(reservation)),
        Verdict::Spent => (Standing::Spent, None),
    }
}

#[test]
fn a_budget_grows_tight_and_ends_and_begins_anew() {
    let budgets = Budgets::new(Some(usd("1")), Some(usd("2.5")));
    let (monday, tuesday) = (at("2026-11-23T12:00:00Z"), at("2026-11-24T00:00:00Z"));
    budgets.pay("a", usd("0.79"), monday);
    assert_eq!(budgets.standing("a", monday), Standing::Free);
    budgets.pay("a", usd("0.01"), monday);
    assert_eq!(budgets.standing("a", monday), Standing::Tight);
    budgets.pay("a", usd("0.2"), monday);
    assert_eq!(budgets.standing("a", monday), Standing::Spent);
    assert_eq!(budgets.standing("b", monday), Standing::Free);
    assert_eq!(budgets.standing("a", tuesday), Standing::Free);
    budgets.pay("a", usd("1.5"), tuesday);
    assert_eq!(
        budgets.standing("a", at("2026-11-30T00:00:00Z")),
        Standing::Spent,
        "the month"
    );
    assert_eq!(budgets.standing("a", at("2026-12-01T00:00:00Z")), Standing::Free);
}

#[tokio::test]
async fn what_is_set_aside_counts_until_it_is_let_go() {
    let budgets = Budgets::new(None, Some(usd("2.15")));
    let now = at("2026-11-23T12:00:00Z");
    let mut all = Vec::new();
    for wanted in [Standing::Free, Standing::Free, Standing::Tight, Standing::Spent] {
        let (standing, reservation) = asked(&budgets, now).await;
        assert_eq!(standing, wanted, "with {} set aside", all.len());
        all.push(reservation);
    }
    all.clear();
    budgets.pay("a", usd("0.1"), now);
    assert_eq!(asked(&budgets, now).await.0, Standing::Free);
}

#[tokio::test]
async fn more_is_set_aside_only_if_it_is_there() {
    let budgets = Budgets::new(Some(usd("1.5")), None);
    let now = at("2026-11-23T12:00:00Z");
    let Verdict::Free(mut reservation) = budgets.set_aside("a", usd("1"), usd("1"), now).await else {
        panic!("nothing is spent");
    };
    assert!(reservation.raise_to(usd("1.5"), now).await && reservation.amount() == usd("1.5"));
    assert!(!reservation.raise_to(usd("1.6"), now).await);
    assert_eq!(budgets.standing("a", now), Standing::Spent);
    drop(reservation);
    assert_eq!(budgets.standing("a", now), Standing::Free);
}

#[test]
fn periods_begin_at_midnight_utc() {
    let (day, month) = Budgets::periods(at("2026-11-23T12:34:56Z"));
    assert_eq!((day, month), (at("2026-11-23T00:00:00Z"), at("2026-11-01T00:00:00Z")));
}

#[test]
fn news_that_did_not_arrive_is_told_again_and_none_is_told_twice() {
    let date = |text: &str| text.parse::<Date>().unwrap();
    let mut spent = Spent::new(date("2026-11-23"));
    spent.pay_and_tell(usd("2"));
    let lost = spent.take_news();
    assert!(spent.take_news().is_empty());
    spent.pay_and_tell(usd("3"));
    spent.keep_news(lost);
    let news = spent.take_news();
    assert_eq!(news.paid, Amounts::both(usd("5")));
    spent.pay_and_tell(usd("1"));
    let (day, month) = (usd("50"), usd("500"));
    spent.was_told(&news, Amounts { day, month });
    assert_eq!(
        spent.used(),
        Amounts {
            day: usd("51"),
            month: usd("501")
        }
    );
    // The next day's news does not hold yesterday's costs, but the month's.
    let late = spent.take_news();
    spent.turn_to(date("2026-11-24"));
    spent.keep_news(late);
    let news = spent.take_news();
    assert_eq!((news.paid.day, news.paid.month), (Usd::ZERO, usd("1")));
}
