"""Parts that pages share: each a small module with the values, and a template in ``web/parts`` that shows them."""
