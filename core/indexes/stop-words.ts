/**
 * The stop-words of the language that a query seems to be in: the list that most of its words are in. Words that carry
 * meaning in English ("die", "war", "man") are in no other language's list, so that a query in English never loses them.
 */
export function stopWords(words: readonly string[]): ReadonlySet<string> {
  let best: ReadonlySet<string> = none
  let most = 0
  for (const list of lists) {
    const count = words.reduce((sum, word) => sum + (list.has(word) ? 1 : 0), 0)
    if (count > most) [best, most] = [list, count]
  }
  return best
}

const none: ReadonlySet<string> = new Set()

const lists: readonly ReadonlySet<string>[] = [
  // English
  `a about above after again against all am an and any are as at be because been before being below between both but by
   can could did do does doing down during each few for from further had has have having he her here hers him his how i
   if in into is it its itself just me more most my no nor not now of off on once only or other our out over own same she
   should so some such than that the their them then there these they this those through to too under until up very was
   we were what when where which while who whom why will with would you your`,
  // German
  `der das den dem des ein eine einer eines einem einen und oder aber nicht ist sind waren wird werden wurde wurden
   haben hatte im auf aus bei mit nach von vom zu zum zur für über unter durch um als auch sich es er sie wir ihr ich wie
   was wer wo wann warum welche welcher welches welchen welchem dass noch nur wenn kann können viele in an am`,
  // French
  `le la les un une des du de et ou mais ne pas est sont était ont avec pour par sur dans ce cette ces il elle ils elles
   nous vous je que qui quoi quel quelle quels quelles où quand comment pourquoi se sa ses leur leurs aux au plus y en`,
  // Spanish
  `el la los las un una unos unas de del y o pero no es son era fue con por para en que qué quién cuál cuáles cuándo
   dónde cómo se su sus al lo más como le les este esta estos estas cuántos cuántas`,
  // Italian
  `il lo la gli le un uno una di del della dei delle e o ma non è sono era con per in che chi quale quali quando dove
   perché si suo sua al alla nel nella da dal dalla più quanti quante`,
  // Portuguese
  `o os as um uma uns umas de do da dos das e ou mas não é são era foi com por para em no na nos nas que quem qual quais
   quando onde como se seu sua ao mais quantos quantas`,
  // Dutch
  `de het een en of maar niet zijn werd worden met van voor op aan uit bij naar door om als ook zich hij zij wij ik wat
   wie waar wanneer waarom welke dat deze dit te er hoeveel`,
].map((list) => new Set(list.split(/\s+/)))
