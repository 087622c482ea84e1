"""Words that carry grammar rather than a subject, so that they neither find anything nor count."""

from __future__ import annotations

_ENGLISH = """
a about actually after again all also am an and any anybody anyone anything are aren arent as ask at bad
be because been before being best better between both but by can cannot cant come could couldnt d
describe did didnt difference different do does doesnt doing done dont each either else etc even ever
every example examples explain explained for from further get gets getting give go goes going good got
great had happen happened happening happens has hasnt have havent having he hello help hence her here
hers hey hi him his how however i id if ill im in instead into is isnt it its itself ive just kind know
let lets like ll look lot made make makes making many matter matters may maybe me mean might mine more
most much must my myself need needs neither nice no nor not now occur occurs of off ok okay on once one
only onto or other our ours out over own particular per perhaps please possible quite rather re really
reason regarding right s said same say see seem shall she should shouldnt show so some somehow something
sort such sure t take tell than thank thanks that thats the their them then there theres these they thing
things think this those though through thus to too trying under until up upon us use used uses using ve
very via want wanted wants was wasnt way we well went were werent what whatever whats when where wheres
whether which while who whos whose why will with within without wont would wouldnt yes yet you your yours
yourself
"""

_CHINESE = """
請問 请问 請教 请教 如何 怎麼樣 怎么样 怎麼 怎么 怎樣 怎样 什麼 什么 甚麼 哪裡 哪里 哪兒 哪些 哪個
哪个 哪一個 為什麼 为什么 為何 为何 是否 有沒有 有没有 是不是 會不會 会不会 能不能 可不可以 要不要
可以 能夠 能够 應該 应该 需要 想要 我想 我要 我該 我们 我們 你們 你们 您們 他們 他们 她們 它們 自己
這個 这个 那個 那个 這些 这些 那些 這樣 这样 那樣 那样 這裡 这里 那裡 那里 一個 一个 一下 一些 還有
还有 還是 还是 或者 以及 而且 但是 可是 所以 因為 因为 如果 的話 的话 關於 关于 對於 对于 之後 之后
以後 以后 之前 以前 時候 时候 的時候 告訴我 告诉我 幫我 帮我 多少 多久 幾個 几个 有什麼 有什么 知道 讓我
让我 目前 現在 现在 已經 已经 的 了 嗎 吗 呢 吧 啊 呀 喔 哦 我 你 您 妳 他 她 它 是 在 把 被 跟 與
与 和 或 及 就 都 也 很 請 请 嗨
"""

#: Without the words in which a question says what it is about (stop, first, new, page, work).
ENGLISH = frozenset(_ENGLISH.split())
#: Traditional and Simplified, the longest first: a question is cut wherever one of them stands.
CHINESE = tuple(sorted(set(_CHINESE.split()), key=len, reverse=True))
