"""The statements of one who writes a shop of one channel and one language by hand."""

# What is nested leaves PostgreSQL as JSON, and goes into the answer as it is.
_SUMMARY = """
SELECT p.id, p.version, p.status, p.kind, p.slug, p.title, p.vendor, p.product_type, p.tags,
       p.published_at, p.updated_at, o.options, v.variants, m.media,
       l.price_min, l.price_max, l.currency, l.in_stock
"""
_FROM = """
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('name', name, 'values', values) ORDER BY position),
                    '[]') AS options, array_agg(name ORDER BY position) AS names
    FROM product_option WHERE product_id = p.id
) o
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object(
        'id', v.id, 'sku', v.sku, 'title', array_to_string(v.option_values, ' / '),
        'options', CASE WHEN o.names IS NULL THEN '{}'::json
                   ELSE json_object(o.names, v.option_values) END,
        'barcode', v.barcode,
        'price', json_build_object('amount', r.amount, 'currency', r.currency),
        'compare_at', CASE WHEN r.compare_at > r.amount
                      THEN json_build_object('amount', r.compare_at, 'currency', r.currency) END,
        'in_stock', s.available > 0, 'tracked', v.tracked, 'available', s.available,
        'backorder', v.backorder, 'weight_grams', v.weight_grams,
        'requires_shipping', v.requires_shipping, 'taxable', v.taxable, 'tax_code', v.tax_code,
        'image_url', null) ORDER BY v.position) AS variants
    FROM variant v
    JOIN price r ON r.variant_id = v.id AND r.channel = 'default' AND r.valid_to IS NULL
    LEFT JOIN stock s ON s.variant_id = v.id
    WHERE v.product_id = p.id
) v
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object(
        'id', id, 'url', url, 'alt', alt, 'width', width, 'height', height,
        'variant_ids', variant_ids) ORDER BY position), '[]') AS media
    FROM media WHERE product_id = p.id
) m
"""
PRODUCT = f"""{_SUMMARY}, p.description, p.metadata, p.created_at, k.categories
FROM product p JOIN listing l ON l.product_id = p.id AND l.channel = 'default'
{_FROM}
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object(
        'id', c.id, 'slug', c.slug, 'name', c.name, 'path', (
            SELECT json_agg(json_build_object('slug', a.slug, 'name', a.name)
                            ORDER BY cardinality(a.path))
            FROM category a WHERE a.id = ANY(c.path))) ORDER BY pc.position), '[]') AS categories
    FROM product_category pc JOIN category c ON c.id = pc.category_id WHERE pc.product_id = p.id
) k
WHERE p.id = $1 AND p.status = 'active'
"""
LIST = f"""{_SUMMARY}
FROM (
    SELECT * FROM listing
    WHERE channel = 'default' AND status = 'active' AND price_min IS NOT NULL
      AND (title_key, product_id) > ($1, $2)
    ORDER BY title_key, product_id LIMIT 25
) l JOIN product p ON p.id = l.product_id
{_FROM}
ORDER BY l.title_key, l.product_id
"""
SEARCH = f"""{_SUMMARY}
FROM (
    SELECT d.product_id, ts_rank(d.document, q) AS rank
    FROM plainto_tsquery('english', '{{words}}') q, search_document d
    WHERE d.document @@ q AND d.locale = ''
    ORDER BY rank DESC, d.product_id DESC LIMIT 24
) f JOIN product p ON p.id = f.product_id
JOIN listing l ON l.product_id = p.id AND l.channel = 'default' AND l.status = 'active'
{_FROM}
ORDER BY f.rank DESC, p.id DESC
""".replace("'{}'::json", "'{{}}'::json")
"""To be filled with the words, for pgbench."""
