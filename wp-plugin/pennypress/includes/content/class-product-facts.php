<?php
/**
 * What a shop says of a product beside its description.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Price, stock and attributes of a WooCommerce product, as sentences and lists that a question can be answered from.
 */
final class Product_Facts {

	/** Variants that are listed one by one. */
	const MOST_VARIANTS = 100;

	/** What changes without the post being saved. */
	const META = array( '_sku', '_price', '_regular_price', '_sale_price', '_stock', '_stock_status' );

	/** Settings of the shop that decide what its prices and its stock look like. */
	const OPTIONS = array(
		'woocommerce_currency',
		'woocommerce_currency_pos',
		'woocommerce_price_thousand_sep',
		'woocommerce_price_decimal_sep',
		'woocommerce_price_num_decimals',
		'woocommerce_price_display_suffix',
		'woocommerce_calc_taxes',
		'woocommerce_prices_include_tax',
		'woocommerce_tax_display_shop',
		'woocommerce_tax_based_on',
		'woocommerce_default_country',
		'woocommerce_manage_stock',
		'woocommerce_stock_format',
		'woocommerce_notify_low_stock_amount',
	);

	/**
	 * WooCommerce's object for a post, if it is a product and WooCommerce is there.
	 *
	 * @param int $post_id A post's id.
	 * @return \WC_Product|null
	 */
	private static function product( $post_id ) {
		$product = function_exists( 'wc_get_product' ) ? wc_get_product( $post_id ) : null;
		return is_object( $product ) ? $product : null;
	}

	/**
	 * Whether the shop shows a product neither in its lists nor in its search.
	 *
	 * @param int $post_id A post's id.
	 * @return bool
	 */
	public static function is_hidden( $post_id ) {
		$product = self::product( $post_id );
		return $product && 'hidden' === $product->get_catalog_visibility();
	}

	/**
	 * What stands above the description: its short form.
	 *
	 * @param int $post_id A post's id.
	 * @return string HTML.
	 */
	public static function summary( $post_id ) {
		$product = self::product( $post_id );
		return $product ? wpautop( strip_shortcodes( (string) $product->get_short_description() ) ) : '';
	}

	/**
	 * What stands below the description.
	 *
	 * @param int $post_id A post's id.
	 * @return string HTML.
	 */
	public static function details( $post_id ) {
		$product = self::product( $post_id );
		if ( ! $product ) {
			return '';
		}
		$facts = array(
			__( 'Price', 'pennypress' )        => self::price( $product ),
			__( 'Availability', 'pennypress' ) => self::availability( $product ),
			__( 'SKU', 'pennypress' )          => (string) $product->get_sku(),
			__( 'Categories', 'pennypress' )   => self::terms( $post_id, 'product_cat' ),
			__( 'Tags', 'pennypress' )         => self::terms( $post_id, 'product_tag' ),
		);
		foreach ( $product->get_attributes() as $name => $attribute ) {
			if ( ! is_object( $attribute ) || $attribute->get_visible() ) {
				$facts[ wp_strip_all_tags( wc_attribute_label( $name, $product ) ) ] = (string) $product->get_attribute( $name );
			}
		}
		$title = wp_strip_all_tags( (string) $product->get_name() );
		/* translators: %s: name of a product */
		return '<h2>' . esc_html( sprintf( __( '%s: price, availability and details', 'pennypress' ), $title ) ) . '</h2>' . self::list_of( $facts ) . self::variants( $product );
	}

	/**
	 * Of a product what may change without its post being saved.
	 *
	 * @param int $post_id A post's id.
	 * @return string
	 */
	public static function fingerprint( $post_id ) {
		$values = array_map( 'get_option', self::OPTIONS );
		foreach ( self::META as $key ) {
			$values[] = get_post_meta( $post_id, $key ); // Of a product with variants `_price` has several values.
		}
		foreach ( get_object_taxonomies( 'product', 'objects' ) as $name => $taxonomy ) {
			$terms    = get_the_terms( $post_id, $name );
			$values[] = is_array( $terms ) ? array( $taxonomy->labels->singular_name, wp_list_pluck( $terms, 'name' ) ) : null;
		}
		return (string) wp_json_encode( $values );
	}

	/**
	 * A setting was changed. If it is one of the shop's, many products may have another price.
	 *
	 * @param string $name Its name.
	 */
	public static function option_changed( $name ) {
		if ( in_array( $name, self::OPTIONS, true ) ) {
			Comparison::begin_soon();
		}
	}

	/**
	 * A term was changed. If it is a product's, many may name it.
	 *
	 * @param int    $term_id  Its id.
	 * @param int    $tt_id    Its id in its taxonomy.
	 * @param string $taxonomy Its taxonomy.
	 */
	public static function term_changed( $term_id, $tt_id, $taxonomy ) {
		if ( is_object_in_taxonomy( 'product', $taxonomy ) ) {
			Comparison::begin_soon();
		}
	}

	/**
	 * The price in words.
	 *
	 * @param \WC_Product $product A product or a variant.
	 * @return string
	 */
	private static function price( $product ) {
		if ( $product->is_type( 'variable' ) || $product->is_type( 'grouped' ) ) {
			return Plain_Text::of( $product->get_price_html() );
		}
		if ( '' === (string) $product->get_price() ) {
			return '';
		}
		$now = self::money( $product, $product->get_price() );
		if ( ! $product->is_on_sale() || '' === (string) $product->get_regular_price() ) {
			return $now;
		}
		/* translators: 1: price now, 2: price before */
		return sprintf( __( '%1$s (on sale; regular price %2$s)', 'pennypress' ), $now, self::money( $product, $product->get_regular_price() ) );
	}

	/**
	 * A price as the shop writes it.
	 *
	 * @param \WC_Product $product A product or a variant.
	 * @param string      $price   A number.
	 * @return string
	 */
	private static function money( $product, $price ) {
		return Plain_Text::of( wc_price( wc_get_price_to_display( $product, array( 'price' => $price ) ) ) );
	}

	/**
	 * Whether and how much of it is there.
	 *
	 * @param \WC_Product $product A product or a variant.
	 * @return string
	 */
	private static function availability( $product ) {
		$said = $product->get_availability();
		$text = is_array( $said ) && ! empty( $said['availability'] ) ? Plain_Text::of( $said['availability'] ) : '';
		if ( '' !== $text ) {
			return $text;
		}
		return $product->is_in_stock() ? __( 'In stock', 'pennypress' ) : __( 'Out of stock', 'pennypress' );
	}

	/**
	 * The variants of a product, each with its price.
	 *
	 * @param \WC_Product $product A product.
	 * @return string HTML.
	 */
	private static function variants( $product ) {
		$lines = array();
		foreach ( $product->is_type( 'variable' ) ? array_slice( $product->get_children(), 0, self::MOST_VARIANTS ) : array() as $id ) {
			$variant = self::product( $id );
			if ( $variant && $variant->is_purchasable() ) {
				$name    = wp_strip_all_tags( wc_get_formatted_variation( $variant, true ) );
				$lines[] = '<li>' . esc_html( implode( '; ', array_filter( array( $name, self::price( $variant ), self::availability( $variant ), (string) $variant->get_sku() ) ) ) ) . '</li>';
			}
		}
		return $lines ? '<h3>' . esc_html__( 'Variants', 'pennypress' ) . '</h3><ul>' . implode( '', $lines ) . '</ul>' : '';
	}

	/**
	 * Names of a product's terms.
	 *
	 * @param int    $post_id  A post's id.
	 * @param string $taxonomy Which ones.
	 * @return string
	 */
	private static function terms( $post_id, $taxonomy ) {
		$terms = get_the_terms( $post_id, $taxonomy );
		return is_array( $terms ) ? implode( ', ', array_map( array( Plain_Text::class, 'of' ), wp_list_pluck( $terms, 'name' ) ) ) : '';
	}

	/**
	 * Facts as a list; the empty ones are left away.
	 *
	 * @param array<string, string> $facts By name.
	 * @return string HTML.
	 */
	private static function list_of( array $facts ) {
		$lines = '';
		foreach ( array_filter( $facts, 'strlen' ) as $name => $fact ) {
			$lines .= '<li>' . esc_html( $name ) . ': ' . esc_html( $fact ) . '</li>';
		}
		return '<ul>' . $lines . '</ul>';
	}
}
