/*
description: The words that customers use of products with a problem, and not of their neighbours on the shelf.
grain: a phrase of a product in a language
owner: merchandising
refresh: full
key: [sku, language, place]
columns:
  sku: product that more likely than not has a problem; where all variants of a parent have it, each has the phrases of all
  language: en or zh
  place: 1 for the most telling phrase of the product and language, at most 5
  phrase: the words, never fewer than three customers'
  comments: customers whose comment has them, since the problem began (count)
  share: those, of all who commented on the product in that language since then
  usual_share: share of the category's other comments in that language that have them
*/
select
    phrases.sku,
    phrases.language,
    phrases.place,
    phrases.phrase,
    phrases.comments,
    phrases.share,
    phrases.usual_share
from intermediate.sku_phrases as phrases
