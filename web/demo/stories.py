"""Thirty past incidents. Times are minutes after the start; texts are what people wrote then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """One past incident. `days_ago` and `hour` (UTC) place it; `ack`, `known`, `mitigated`, `resolved`
    are minutes after its start."""

    days_ago: int
    hour: int
    title: str
    services: tuple[str, ...]
    severity: int
    impact: str
    seen: str
    cause: str
    fix: str
    ack: int
    known: int
    mitigated: int
    resolved: int


STORIES = (
    Story(3, 2, "Order confirmation mails an hour late", ("email-receipts", "event-bus"), 2, "Customers wait up to an hour for their receipt.", "Consumer lag on the order topic grows by 400 messages a minute.", "One consumer was stuck on a message with a 9 MB attachment; the others waited behind it.", "Skipped the message and set a size limit on the topic.", 4, 22, 31, 75),
    Story(6, 13, "Search returns nothing for umlauts", ("search",), 3, "Queries with ä, ö and ü find no products.", "Support forwards eleven tickets, all from Germany and Austria.", "The index was rebuilt without the normalisation step after the upgrade.", "Rebuilt the index with the step back in.", 9, 25, 58, 90),
    Story(9, 20, "Sign-in fails for every second customer", ("authentication", "session-cache"), 1, "About half of all sign-ins end with an error; checkout as a guest works.", "Error rate on sign-in is at 52 % in both regions.", "A session-cache node left the cluster and clients kept sending half of the keys to it.", "Took the node out of the client list, then let it rejoin empty.", 3, 19, 24, 61),
    Story(12, 8, "Product pictures broken in the apps", ("image-cdn", "mobile-api"), 2, "Apps show grey boxes instead of pictures; the web shop is fine.", "Only requests with the new size parameter fail, with 415.", "The apps ask for a format the resizer does not have on two of its six machines.", "Rolled the resizer image forward on the two machines.", 6, 34, 41, 70),
    Story(16, 5, "Checkout times out under sale traffic", ("checkout", "orders-db"), 0, "Nobody could place an order for 26 minutes.", "Active connections to the orders database are at the limit, 300 of 300.", "A report started by hand held long transactions; each checkout then waited for a connection.", "Cancelled the report, restarted the pool, raised the pool's own limit below the server's.", 2, 17, 26, 88),
    Story(21, 11, "Stock shows yesterday's numbers", ("inventory-api",), 2, "Some products can be ordered although they are sold out.", "Last stock event in the warehouse export is from 23:58.", "The export's certificate ran out at midnight and the job retried quietly.", "New certificate; export caught up in 40 minutes. 63 orders were called back by hand.", 8, 37, 49, 130),
    Story(25, 15, "Slow search during re-index", ("search",), 3, "Results take four to six seconds.", "The nightly re-index runs at noon.", "The schedule moved with the clock change and met the lunch peak.", "Paused the re-index until night.", 11, 16, 20, 35),
    Story(29, 1, "Payouts file rejected by the bank", ("payouts",), 1, "Sellers do not get their Friday payout.", "The bank's answer says: wrong control sum in line 1.", "A seller name with a line break split one row in two.", "Cleaned the name, sent the file again inside the bank's second window.", 7, 44, 95, 140),
    Story(33, 17, "Guest baskets empty after five minutes", ("basket", "session-cache"), 2, "Guests lose their basket when they pause.", "Expiry of guest keys is 300 seconds since the release at 16:40.", "A setting in minutes was read as seconds.", "Rolled the release back.", 5, 14, 19, 40),
    Story(38, 9, "Storefront home page errors in one region", ("storefront",), 1, "A third of visitors in eu-west see an error page.", "Only machines started this morning fail.", "New machines got a base image without the payment certificate bundle.", "Drained the new machines, then rebuilt the image.", 4, 21, 27, 66),
    Story(43, 22, "Fraud check declines all foreign cards", ("fraud-check",), 1, "Cards from outside the home country were declined.", "Score of every foreign card is 99 since 21:35.", "A model file was published with the country table missing.", "Switched back to the model of last week.", 6, 30, 36, 80),
    Story(48, 7, "Recommendations empty", ("recommendations",), 4, "The box “others bought” stays empty.", "Batch job failed in the night.", "Disk of the batch machine was full of old runs.", "Removed old runs; a clean-up job was added.", 45, 60, 70, 95),
    Story(54, 12, "Carrier quotes unavailable", ("shipping-quotes", "carrier-apis"), 2, "Checkout offers standard shipping only.", "One carrier answers 503 since 11:52; we wait ten seconds for each.", "The carrier had an outage and our time limit was too patient.", "Set the limit to one second and left the carrier out until it was back.", 5, 12, 18, 240),
    Story(60, 3, "Orders database fail-over", ("orders-db", "order-service"), 0, "No orders for nine minutes, then slow for half an hour.", "Primary does not answer; replica is two seconds behind.", "A kernel fault on the primary's host.", "Promoted the replica; rebuilt the old primary as replica.", 2, 6, 9, 47),
    Story(66, 16, "Price feed sends old prices", ("price-feed",), 3, "Comparison sites show prices of Monday.", "File on the partner server has Monday's date.", "Upload key was rotated and one partner forgotten.", "Put the new key in place and sent today's file.", 20, 41, 44, 60),
    Story(73, 10, "Apps cannot sign in after certificate change", ("mobile-api", "authentication"), 1, "Old app versions, about 18 % of users, cannot sign in.", "All failing clients pin the old certificate.", "The pin list of the old versions was not checked before the change.", "Put the old chain back beside the new one.", 5, 26, 33, 72),
    Story(80, 19, "Double charges for 41 orders", ("payment-gateway",), 0, "41 customers were charged twice.", "Processor shows two captures with different keys for one order.", "A retry after a time-out made a new idempotency key.", "Switched the retry off, refunded all 41 the same evening.", 4, 38, 42, 180),
    Story(88, 6, "Event bus disk almost full", ("event-bus",), 2, "No effect on customers yet.", "Two brokers are above 90 %.", "Retention of the click topic was raised for a test and not put back.", "Put retention back and freed 600 GB.", 7, 18, 29, 55),
    Story(96, 14, "Catalogue database slow after statistics run", ("catalogue-db", "product-catalogue"), 1, "Product pages take five seconds.", "One query plan changed at 13:50; it reads the whole table.", "New statistics made the planner choose a sequential scan.", "Raised the statistics target on two columns and analysed again.", 6, 33, 38, 74),
    Story(105, 21, "Refunds stuck in review", ("refunds",), 3, "Refunds of the day are not sent.", "The queue grows, no worker takes from it.", "Workers were scaled to zero in a cost clean-up.", "Scaled back to four; queue empty in 25 minutes.", 15, 20, 22, 50),
    Story(114, 4, "Sessions dropped every ten minutes", ("session-cache", "authentication"), 1, "Customers are signed out while shopping.", "The cache restarts every ten minutes, memory limit reached.", "A key without expiry grew with every visit.", "Added the expiry and removed old keys.", 5, 28, 35, 69),
    Story(123, 18, "Storefront shows test banner", ("storefront",), 3, "Visitors saw “TEST 50 %” for twelve minutes.", "Banner flag is on for everybody.", "The flag's rule was saved without its audience.", "Turned the flag off.", 3, 5, 12, 20),
    Story(133, 11, "Inventory API returns 500 for bundles", ("inventory-api",), 2, "Bundles cannot be ordered.", "All errors are for products with more than 20 parts.", "A limit introduced by the new client library.", "Asked in pages of 20.", 6, 24, 40, 62),
    Story(144, 2, "Card vault key rotation halted", ("card-vault",), 2, "No effect on customers; rotation must finish in its window.", "Rotation stands at 61 %.", "One shard had a stale lock from last year's rotation.", "Cleared the lock with two people present, rotation went on.", 9, 50, 64, 150),
    Story(156, 13, "Checkout address form rejects PO boxes", ("checkout",), 3, "Customers with a PO box cannot order.", "Validation refuses every address without a street.", "The address library changed its default.", "Set the option back.", 14, 22, 35, 48),
    Story(170, 9, "Card processor degraded (vendor)", ("card-processor", "payment-gateway"), 1, "One in six card payments failed.", "Processor's status page is green; our error rate is 17 %.", "A data centre of the vendor dropped packets.", "Asked the vendor to move our traffic; done after 50 minutes.", 3, 20, 58, 110),
    Story(185, 23, "Image resizer out of memory", ("image-cdn",), 3, "New pictures appear late.", "Memory of the resizer climbs by 1 GB an hour.", "A leak in the new codec.", "Went back to the codec before.", 12, 40, 46, 70),
    Story(200, 15, "Search and catalogue unreachable from the apps", ("mobile-api", "product-catalogue"), 0, "Apps were empty for 14 minutes.", "Name lookups inside the cluster fail.", "A network policy was applied to the wrong namespace.", "Removed the policy.", 1, 9, 14, 39),
    Story(220, 8, "E-mail receipts in the wrong language", ("email-receipts",), 4, "Receipts for Spain came in English.", "Template folder for es is missing in the release.", "Build left out new folders.", "Built and released again.", 25, 31, 52, 60),
    Story(240, 17, "Orders accepted without payment check", ("order-service", "payment-gateway"), 0, "132 orders were accepted without an authorised payment.", "Gateway answers 200 with an empty body.", "A time-out in the gateway was turned into an empty success.", "Treat an empty answer as failure; checked all 132 by hand.", 3, 29, 34, 200),
)
